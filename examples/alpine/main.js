// main: an Alpine component that uses its visitor's key. Alpine's build for strict policies, as a page with keys has one.
import Alpine from '@alpinejs/csp'
import 'keyhold/element'

Alpine.data('chat', () => ({
  answer: '',
  state: '',

  told({ detail }) {
    this.state = detail.state
  },

  async ask() {
    try {
      const vault = await this.$refs.button.ready
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
      this.answer = response.ok ? body.choices[0].message.content : body.title
    } catch (error) {
      this.answer = error.message
    }
  },
}))

Alpine.start()
