// "Call me": an agent, its variables, and the number to ring.

import { Refused } from "./api.js"
import { element, put, titled } from "./element.js"

const field = (id) => document.getElementById(id)
const words = (name) => name.replaceAll("_", " ")

export class Calling {
  /** `clicked` runs within the click; `placed` is given what the API answered. */
  constructor(api, settings, { clicked, placed }) {
    this.api = api
    this.settings = settings
    this.agents = new Map(settings.agents.map((agent) => [agent.name, agent]))
    field("key-field").hidden = settings.api_key !== null
    put("agent", ...settings.agents.map(({ name }) => element("option", { value: name }, titled(words(name)))))
    field("agent").onchange = () => this.pick()
    field("key").oninput = () => (this.api.key = field("key").value)
    field("form").onsubmit = (event) => {
      event.preventDefault()
      clicked()
      this.dial(placed)
    }
    this.pick()
  }

  /** Show the agent that is picked, and in a scripted world what to tell it. */
  pick() {
    const agent = this.agents.get(field("agent").value)
    if (agent === undefined) return
    const example = this.settings.scripted ? agent.example : null
    put("description", agent.description)
    const values = { ...agent.variables, ...example?.variables }
    put("variables", ...Object.entries(values).map(([name, value]) => variable(name, value)))
    this.script(agent, example)
  }

  script(agent, example) {
    const deaf = this.settings.hears !== null && !agent.language.startsWith(this.settings.hears)
    field("script").hidden = example === null && !deaf && !this.settings.scripted
    put(
      "script-title",
      deaf
        ? "Without a Deepgram key only English is understood here: this agent will speak, but not understand you."
        : example === null
          ? "Without a Groq key the LLM is scripted here, and no script is written for this agent."
          : "Without a Groq key the LLM is scripted here. With the values as they are it answers to what means:",
    )
    put("lines", ...(deaf ? [] : (example?.lines ?? [])).map((line) => element("li", {}, `“${line}”`)))
  }

  async dial(placed) {
    const variables = Object.fromEntries(
      [...field("variables").querySelectorAll("input")]
        .filter((input) => input.value !== "")
        .map((input) => [input.name, input.value]),
    )
    const request = { to_number: field("to").value, agent: field("agent").value, variables }
    if (this.settings.from_number) request.from_number = this.settings.from_number
    field("refused").hidden = true
    field("dial").disabled = true
    try {
      placed({ ...(await this.api.dial(request)), variables })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      put("refused", titled(error.message))
      field("refused").hidden = false
    } finally {
      field("dial").disabled = false
    }
  }
}

function variable(name, value) {
  const id = `variable-${name}`
  const input = element("input", { id, name, value: `${value}`, autocomplete: "off" })
  return element("div", { className: "field" }, element("label", { htmlFor: id }, titled(words(name))), input)
}
