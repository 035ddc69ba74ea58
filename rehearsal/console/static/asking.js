// A question before something that cannot be taken back.
import { el } from './dom.js'

/** Whether somebody said yes. Escape and the other button are no. */
export function sure(question, detail, yes, no = 'Leave it') {
  return new Promise(resolve => {
    const dialog = el(
      'dialog', { class: 'card asking', 'aria-labelledby': 'question' },
      el('h2', { id: 'question' }, question),
      el('p', { class: 'soft' }, detail),
      el('div', { class: 'row' },
        el('button', { type: 'button', autofocus: true, onclick: () => dialog.close('no') }, no),
        el('button', { type: 'button', class: 'stop', onclick: () => dialog.close('yes') }, yes)),
    )
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(dialog.returnValue === 'yes')
    })
    document.body.append(dialog)
    dialog.showModal()
  })
}

/**
 * A button that does something at the API: it waits for the answer, and a refusal is told.
 * @param {() => Promise<void>} act
 */
export function doing(context, words, act, { kind = '', focus = words } = {}) {
  const button = el('button', {
    type: 'button', class: `small-button ${kind}`, 'data-focus': focus,
    onclick: async () => {
      if (button.ariaDisabled === 'true') return
      button.ariaDisabled = 'true' // not `disabled`, which would take the focus away
      try {
        await act()
      } catch (error) {
        context.fail(error)
      } finally {
        button.ariaDisabled = 'false'
      }
    },
  }, words)
  return button
}
