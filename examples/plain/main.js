// main: a page without a framework that uses its visitor's key. The same file works as it is and by way of any bundler.
import 'keyhold/element'

const button = document.querySelector('keyhold-button')
const answer = document.querySelector('output')

document.querySelector('#ask').addEventListener('click', async () => {
  try {
    const vault = await button.ready
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
    answer.textContent = response.ok ? body.choices[0].message.content : body.title
  } catch (error) {
    answer.textContent = error.message
  }
})
