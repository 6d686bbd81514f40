// Makes elements: a tag, its properties, its children.
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

// Calls `draw(value)` when the value is another one than at the last call, so that what has the focus keeps it.
export function whenChanged(draw) {
  let before;
  return (value) => {
    const text = JSON.stringify(value);
    if (text === before) return;
    before = text;
    draw(value);
  };
}
