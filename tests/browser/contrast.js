// What of a page is too faint to read (WCAG 2.2 AA), and what can be operated and has no name.
() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const rgba = color => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const light = ([r, g, b]) => {
    const part = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
  }
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor)
      if (color[3] === 255) return color
    }
    return [255, 255, 255, 255]
  }
  const faint = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement
    const words = texts.currentNode.textContent.trim()
    if (!words || !element.checkVisibility({ visibilityProperty: true }) || element.closest('.spoken, script, noscript, :disabled')) continue
    const style = getComputedStyle(element)
    const [one, other] = [light(rgba(style.color)), light(ground(element))].sort((a, b) => b - a)
    const ratio = (one + 0.05) / (other + 0.05)
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700)
    if (ratio < (large ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)}: ${words.slice(0, 40)}`)
  }
  const nameless = [...document.querySelectorAll('a[href], button, input, select')]
    .filter(each => !(each.textContent.trim() || each.getAttribute('aria-label') || each.labels?.length))
    .map(each => each.outerHTML.slice(0, 80))
  return [faint, nameless]
}
