// page: rendered at build time with the vault's element in it, and alive in the browser: the import is fit for both.
'use client'

import { useRef, useState } from 'react'
import 'keyhold/element'

export default function Page() {
  const button = useRef(null)
  const [answer, setAnswer] = useState('')

  async function ask() {
    try {
      const vault = await button.current.ready
      await vault.requestAccess({ providers: ['openai'], spend: { day: 1 } })
      const response = await vault.fetch('https://api.openai.com/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'gpt-5-mini',
          max_completion_tokens: 500,
          messages: [{ role: 'user', content: 'Hello' }],
        }),
      })
      const body = await response.json()
      setAnswer(response.ok ? body.choices[0].message.content : body.title)
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
