// Elements. Whatever comes from a call is text and never markup: nothing here takes HTML.

/**
 * An element with its properties and children.
 * `on…` are listeners, true and false set or leave out an attribute, null leaves it out; children
 * that are null or false are left out, and whatever is no element is a text.
 */
export function el(name, properties = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value)
    else if (value === true) made.setAttribute(key, '')
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value)
  }
  made.append(...present(children))
  return made
}

/** Puts these children in the place of those that are there. */
export function fill(parent, ...children) {
  parent.replaceChildren(...present(children))
  return parent
}

/** Sets a text, unless it is there already: what does not change is not read out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * A child for each item, in their order. One that is there already is kept, with its focus and
 * what is chosen in it, and made anew only if `draw` would draw something else.
 */
export function keyed(parent, items, keyOf, draw) {
  const there = new Map([...parent.children].map(child => [child.dataset.key, child]))
  let place = parent.firstElementChild
  for (const item of items) {
    const key = String(keyOf(item))
    const shown = JSON.stringify(item)
    let child = there.get(key)
    there.delete(key)
    if (child === undefined || child.dataset.shown !== shown) {
      const made = draw(item)
      made.dataset.key = key
      made.dataset.shown = shown
      if (child === undefined) parent.insertBefore(made, place)
      else {
        if (child === place) place = made
        replaced(child, made)
      }
      child = made
    }
    if (child !== place) parent.insertBefore(child, place)
    place = child.nextElementSibling
  }
  for (const gone of there.values()) gone.remove()
}

/** Puts it in the other's place; the focus stays where it was, by `data-focus`. */
function replaced(old, made) {
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.focus : null
  old.replaceWith(made)
  if (focused) made.querySelector(`[data-focus="${focused}"]`)?.focus()
}

function present(children) {
  return children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false)
}
