// Lists every path of the OpenAPI document with its body.
const api = await (await fetch("/openapi.json")).json();
for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const section = document.createElement("section");
    section.style.cssText = "padding: 12px; margin-bottom: 8px";
    const title = document.createElement("h2");
    title.textContent = `${method.toUpperCase()} ${path}`;
    section.append(title, operation.summary);
    const fields = operation.requestBody?.content["application/json"].schema.properties ?? {};
    for (const [name, field] of Object.entries(fields)) {
      const line = document.createElement("div");
      line.textContent = `${name}: ${field.type}, ${field.exclusiveMinimum ?? field.minimum} to ${field.maximum}`;
      section.append(line);
    }
    document.getElementById("paths").append(section);
  }
}
