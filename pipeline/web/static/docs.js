// Lists every path of the OpenAPI document with its body and its responses, then their schemas.
const api = await (await fetch("/openapi.json")).json();

function element(name, text, ...children) {
  const made = document.createElement(name);
  made.append(text, ...children);
  return made;
}

function section(title, ...lines) {
  const made = element("section", "", element("h2", title), ...lines.map((line) => element("div", line)));
  made.style.cssText = "padding: 12px; margin-bottom: 8px";
  document.getElementById("paths").append(made);
}

const named = (schema) => schema.$ref && api.components.schemas[schema.$ref.split("/").at(-1)];

function kind(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.enum) return schema.enum.join(", ");
  if ("const" in schema) return `"${schema.const}"`;
  if (schema.prefixItems) return `[${schema.prefixItems.map(kind).join(", ")}]`;
  if (schema.type === "array") return `list of ${kind(schema.items)}`;
  if (schema.properties) return `{ ${fields(schema).join("; ")} }`;
  const least = schema.exclusiveMinimum ?? schema.minimum;
  return least === undefined ? schema.type : `${schema.type}, ${least} to ${schema.maximum}`;
}

function fields(schema) {
  return Object.entries(schema.properties ?? {}).map(([name, field]) => `${name}: ${kind(field)}`);
}

for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, { summary, requestBody, responses }] of Object.entries(methods)) {
    const body = requestBody && named(requestBody.content["application/json"].schema);
    const answers = Object.entries(responses).map(([status, { description, content }]) => {
      const [[type, { schema }]] = Object.entries(content ?? { "": { schema: {} } });
      const isFile = !type.endsWith("json") && !schema.$ref;
      return `${status} ${description}${type ? ` (${isFile ? type : kind(schema)})` : ""}`;
    });
    section(`${method.toUpperCase()} ${path}`, summary, ...(body ? fields(body) : []), ...answers);
  }
}
for (const [name, schema] of Object.entries(api.components.schemas)) {
  section(name, schema.description, ...fields(schema));
}
