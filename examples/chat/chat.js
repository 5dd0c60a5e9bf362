// chat: an ordinary chat page, written with the `openai` package. It has no key, and asks its visitor for none.
import { connect } from 'keyhold'
import OpenAI from 'openai'
import { BASE_URL, MODEL, PROVIDER, VAULT } from './site.js'

const vault = await connect(VAULT, { button: document.querySelector('#keyhold') })

// With a key of the page's own, `fetch` would not be here and `apiKey` would be one. Nothing else would be different.
const openai = new OpenAI({ baseURL: BASE_URL, apiKey: 'keyhold', fetch: vault.fetch, dangerouslyAllowBrowser: true })

const messages = []

document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  const field = document.querySelector('#question')
  const question = field.value
  say('mine', question)
  field.value = ''
  const answer = say('theirs', '…')
  try {
    // Answered at once where the visitor has allowed it before; else once they have pressed the button above and decided.
    await vault.requestAccess({ providers: [PROVIDER] })
    const stream = await openai.chat.completions.create({
      model: MODEL,
      messages: [...messages, { role: 'user', content: question }],
      stream: true,
    })
    answer.textContent = ''
    for await (const part of stream) answer.append(part.choices[0]?.delta.content ?? '')
    messages.push({ role: 'user', content: question }, { role: 'assistant', content: answer.textContent })
  } catch (error) {
    answer.textContent = error.message
  }
})

function say(who, text) {
  const line = document.createElement('p')
  line.className = who
  line.textContent = text
  document.querySelector('#said').append(line)
  return line
}
