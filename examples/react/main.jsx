// main: a React page that uses its visitor's key, with the `openai` package.
import { StrictMode, useRef, useState } from 'react'
import { createRoot } from 'react-dom/client'
import OpenAI from 'openai'
import 'keyhold/element'

function App() {
  const button = useRef(null)
  const [answer, setAnswer] = useState('')

  async function ask() {
    try {
      const vault = await button.current.ready
      await vault.requestAccess({ providers: ['openai'], spend: { day: 1 } })
      const openai = new OpenAI({ apiKey: 'keyhold', fetch: vault.fetch, dangerouslyAllowBrowser: true })
      const stream = await openai.chat.completions.create({
        model: 'gpt-5-mini',
        max_completion_tokens: 500,
        messages: [{ role: 'user', content: 'Hello' }],
        stream: true,
      })
      setAnswer('')
      for await (const part of stream) setAnswer((before) => before + (part.choices[0]?.delta.content ?? ''))
    } catch (error) {
      setAnswer(error.message)
    }
  }

  return (
    <main>
      <keyhold-button ref={button} src="https://vault.example/" />
      <button id="ask" onClick={ask}>
        Ask
      </button>
      <output>{answer}</output>
    </main>
  )
}

createRoot(document.body.appendChild(document.createElement('div'))).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
