// The page's parts. Text is always text, never markup.

/** An element with these properties and children. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

/** Put these into the element of that id, in the place of what is in it. */
export const put = (id, ...children) => document.getElementById(id).replaceChildren(...children)

/** With a capital. */
export const titled = (text) => text.charAt(0).toUpperCase() + text.slice(1)

/** A number as people read it: +1 555 000 0002. */
export const readable = (number) => number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3")
