// page-add: does each way to get keys in, and to have them checked, do what it says? With a fake vault behind the page.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { screens } from '../page-fake/screens.mjs'
import { onPage, site } from './support/fake-page.mjs'
import { at } from './support/page.mjs'

describe('add', () => {
  test('a refused key stays in its field; storing it unchecked is a choice of its own', async () => {
    await onPage({}, async (page) => {
      await screens['add-refused'](page, site.url)
      assert.equal(await page.inputValue(at('key-field')), 'sk-wrong-1234567890')
      await page.fill(at('label-field'), 'Doubtful')
      await page.click(at('store-unchecked'))
      await page.waitForSelector(`${at('key')}:has-text("Doubtful") >> text=Not checked yet`)
      await page.waitForSelector(`${at('toast')}:has-text("unchecked")`)
      assert.equal(await page.locator('dialog[open]').count(), 0)
    })
  })

  test('text that is no key cannot be stored unchecked', async () => {
    await onPage({}, async (page) => {
      await screens['add-first'](page, site.url)
      await page.fill(at('key-field'), 'two words')
      await page.click(at('save'))
      await page.waitForSelector(at('key-dialog-problem'))
      assert.equal(await page.locator(at('store-unchecked')).count(), 0)
    })
  })

  test('the field is masked, is no password to the browser, and is empty when the dialog opens again', async () => {
    await onPage({}, async (page) => {
      await screens['add-first'](page, site.url)
      const field = page.locator(at('key-field'))
      assert.equal(await field.getAttribute('type'), 'text')
      assert.equal(await field.getAttribute('autocomplete'), 'off')
      const security = () =>
        field.evaluate((element) => getComputedStyle(element).getPropertyValue('-webkit-text-security'))
      assert.equal(await security(), 'disc')
      await page.click(at('key-show'))
      assert.equal(await security(), 'none')
      await page.keyboard.press('Escape')
      assert.equal(await page.locator('dialog[open]').count(), 0)
      await page.click(`${at('provider-card')}[data-provider=openai]`)
      assert.equal(await field.inputValue(), '')
      assert.equal(await security(), 'disc')
    })
  })

  test("a key that looks like another provider's: the hint switches, the key stays typed", async () => {
    await onPage({}, async (page) => {
      await screens['add-first'](page, site.url)
      await page.click(at('switch-provider'))
      assert.equal(await page.getAttribute(at('chosen-provider'), 'data-provider'), 'anthropic')
      assert.equal(await page.inputValue(at('key-field')), 'sk-ant-abc')
      await page.click(at('save'))
      await page.waitForSelector(`${at('provider-group')}[data-provider=anthropic]`)
    })
  })

  test('what looks wrong is said before anything is sent, once: the second press goes on', async () => {
    await onPage({}, async (page) => {
      await screens.empty(page, site.url)
      await page.click(`${at('provider-card')}[data-provider=openai]`)
      // Too quick for the hint that comes while typing.
      await page.fill(at('key-field'), 'sk-admin-1234567890')
      await page.keyboard.press('Enter')
      await page.waitForSelector(at('prefix-hint'))
      assert.equal(await page.textContent(at('save')), 'Check and save anyway')
      await page.keyboard.press('Enter')
      await page.waitForTimeout(1_000)
      assert.equal(await page.locator(at('provider-group')).count(), 0)
      await page.click(at('save'))
      await page.waitForSelector(`${at('provider-group')}[data-provider=openai]`)
    })
  })

  test('several keys pasted at once are opened, offered, looked at and added; or given up', async () => {
    await onPage({}, async (page) => {
      await screens['add-several'](page, site.url)
      assert.equal(await page.inputValue(at('key-field')), '')
      assert.match(await page.textContent(at('several')), /2 keys of OpenAI and xAI/)
      await page.click(at('cancel'))
      assert.equal(await page.evaluate(() => sessionStorage.getItem('fake-import-closed')), 'yes')
      await page.evaluate(() => sessionStorage.removeItem('fake-import-closed'))
      await screens['add-several'](page, site.url)
      await page.click(at('add-several'))
      await page.waitForSelector(`${at('restore-dialog')} ${at('review-row')}`)
      assert.match(await page.textContent(at('review-source')), /^What you pasted: 2 keys recognised/)
      assert.equal(await page.evaluate(() => sessionStorage.getItem('fake-import-closed')), null)
    })
  })

  test('lines that hold no key go into the field, where they are called what they are', async () => {
    await onPage({}, async (page) => {
      await addPasted(page, '#api-key', 'this is\nno key')
      await page.waitForSelector(`${at('prefix-hint')}:has-text("words")`)
      assert.equal(await page.inputValue(at('key-field')), 'this isno key')
    })
  })

  test('a key pasted where there is no field goes to the dialog, for its provider if that is known', async () => {
    await onPage({}, async (page) => {
      await screens.keys(page, site.url)
      await pasteInto(page, 'body', 'just some text')
      await pasteInto(page, 'body', 'gsk_1234567890abcdef')
      await page.waitForSelector(`${at('chosen-provider')}[data-provider=groq]`)
      await fieldHolds(page, 'gsk_1234567890abcdef')
      await page.keyboard.press('Escape')
      await pasteInto(page, 'body', '1234567890abcdef1234567890abcdef')
      await page.click(`${at('provider-option')}[data-provider=mistral]`)
      await fieldHolds(page, '1234567890abcdef1234567890abcdef')
      await page.keyboard.press('Escape')
      await pasteInto(page, 'body', 'A_KEY=1\nB_KEY=2')
      await page.waitForSelector(`${at('restore-dialog')} ${at('review-row')}`)
    })
  })

  test('a check that is cancelled leaves no key behind, even when the provider answers later', async () => {
    await onPage({}, async (page) => {
      await screens['add-checking'](page, site.url)
      await page.click(at('cancel'))
      await page.waitForTimeout(2000)
      assert.equal(await page.locator(`${at('provider-group')}[data-provider=mistral]`).count(), 0)
    })
  })

  test("a server of one's own needs no key", async () => {
    await onPage({}, async (page) => {
      await screens['add-local'](page, site.url)
      // What has to be done first is said before anything is asked of it.
      assert.match(await page.textContent(at('endpoint-steps')), /OLLAMA_ORIGINS=http:\/\/localhost:\d+ and/)
      assert.equal(await page.inputValue('#endpoint-url'), 'http://localhost:11434/')
      // One there is in the list already.
      await page.click(at('endpoint-save'))
      await page.waitForSelector(`${at('endpoint-problem')}:has-text("belongs to Ollama")`)
      await page.fill('#endpoint-url', 'http://localhost:11500')
      await page.click(at('endpoint-save'))
      await page.waitForSelector(at('key-field'))
      assert.match(await page.textContent(at('browser-note')), /only if it is started with/)
      await page.click(at('save'))
      await page.waitForSelector(`${at('key')}:has-text("Main") >> text=Works >> nth=0`)
    })
  })

  test('the list says which providers run here, and which cannot be used and why', async () => {
    await onPage({}, async (page) => {
      await screens['add-choose'](page, site.url)
      const headings = () => page.locator(`${at('provider-list')} p:visible`).allTextContents()
      assert.deepEqual(await headings(), ['More, from A to Z', 'On this computer', 'Not from a web page'])
      const ids = await page.$$eval(at('provider-option'), (all) => all.map((one) => one.dataset.provider))
      assert.deepEqual(ids.slice(-5), ['ollama', 'lmstudio', 'llamacpp', 'vllm', 'nvidia'])
      assert.ok(ids.indexOf('xai') < ids.indexOf('cerebras') && ids.indexOf('cerebras') < ids.indexOf('cohere'))
      const nvidia = page.locator(`${at('provider-option')}[data-provider=nvidia]`)
      assert.ok(await nvidia.isDisabled())
      assert.match(await nvidia.textContent(), /NVIDIA’s hosted models answer only/)
      // What is left after typing is not chosen either, if it is that.
      await page.fill(at('provider-search'), 'nvidia')
      assert.deepEqual(await headings(), ['Not from a web page'])
      await page.keyboard.press('Enter')
      assert.ok(await page.locator(at('provider-list')).isVisible())
      await page.fill(at('provider-search'), 'perpl')
      await page.keyboard.press('Enter')
      assert.match(await page.textContent(at('browser-note')), /not been tried/)
      // A key that is its own is known as that, and leads nowhere.
      await page.fill(at('key-field'), 'nvapi-1234')
      await page.waitForSelector(`${at('prefix-hint')}:has-text("NVIDIA, which does not answer web pages")`)
      assert.ok(await page.locator(at('switch-provider')).isHidden())
    })
  })

  test('a provider is found by its name, its product or its address, and with the arrow keys', async () => {
    await onPage({}, async (page) => {
      await screens['add-choose'](page, site.url)
      const found = () => page.$$eval(at('provider-option'), (all) => all.map((one) => one.dataset.provider))
      const all = await found()
      await page.$eval(at('provider-list'), (list) => list.parentElement.scrollTo(0, 9999))
      for (const [typed, wanted] of [
        ['co', ['cohere']], // and not all that end in ".com"
        ['claude', ['anthropic']],
        ['bigmodel', ['zai-cn']],
        ['qwen', ['qwen', 'qwen-cn', 'qwen-us']],
        ['nobody', []],
      ]) {
        await page.fill(at('provider-search'), typed)
        assert.deepEqual(await found(), wanted, typed)
        assert.equal(await page.$eval(at('provider-list'), (list) => list.parentElement.scrollTop), 0)
      }
      await page.fill(at('provider-search'), '')
      const focused = () => page.evaluate(() => document.activeElement.dataset.provider ?? document.activeElement.id)
      const press = async (...keys) => {
        for (const key of keys) await page.keyboard.press(key)
        return focused()
      }
      assert.equal(await press('ArrowDown', 'ArrowDown'), all[1])
      assert.equal(await press('ArrowUp', 'ArrowUp'), 'provider-search')
      // Down to the last that can be chosen, and no further.
      assert.equal(await press(...all.map(() => 'ArrowDown'), 'ArrowDown'), 'vllm')
    })
  })

  test('a resource of one’s own: its name is enough, and so is its address as it is shown elsewhere', async () => {
    for (const typed of ['My-Resource', 'https://my-resource.openai.azure.com'])
      await onPage({}, async (page) => {
        await screens['add-choose'](page, site.url)
        await page.click(`${at('provider-option')}[data-provider=azure-openai]`)
        assert.equal(await page.inputValue('#endpoint-url'), '')
        await page.fill('#endpoint-url', typed)
        await page.click(at('endpoint-save'))
        await page.waitForSelector(at('key-field'))
        assert.match(await page.textContent('#key-dialog'), /Sent to my-resource\.openai\.azure\.com and nowhere else/)
      })
  })

  test('a provider may be somewhere else', async () => {
    await onPage({}, async (page) => {
      await screens['add-choose'](page, site.url)
      await page.click(`${at('provider-option')}[data-provider=mistral]`)
      await page.click(at('other-address'))
      assert.equal(await page.getAttribute('#endpoint-url', 'placeholder'), 'https://api.mistral.ai/v1/')
      await page.fill('#endpoint-url', 'https://mistral.relay.example/v1/')
      await page.click(at('endpoint-save'))
      await page.waitForSelector(at('key-field'))
      assert.match(await page.textContent('#key-dialog'), /Sent to mistral\.relay\.example/)
    })
  })

  test('where a key is already stored, replacing it is offered', async () => {
    await onPage({}, async (page) => {
      await screens['add-refused'](page, site.url)
      await page.click(at('update-existing'))
      await page.waitForSelector(at('replacing'))
      await page.fill(at('key-field'), 'sk-proj-new-key-7777')
      await page.click(at('save'))
      await page.waitForSelector(`[data-key=k1] ${at('key-hint')}:has-text("7777")`)
    })
  })
})

describe('check all keys', () => {
  test('each key gets its outcome, those that fail with a sentence and the next step, and the sum is said', async () => {
    await onPage({}, async (page) => {
      await screens['check-all'](page, site.url)
      const rows = page.locator(at('check-all-row'))
      assert.deepEqual(await rows.evaluateAll((all) => all.map(({ dataset }) => dataset.code)), [
        'ok',
        'ok',
        'ok',
        'ERR_BAD_KEY',
        'ok',
      ])
      assert.equal(await page.textContent(at('check-all-status')), '4 of 5 keys work. 1 needs a look.')
      assert.equal(await page.textContent(at('check-all-sentence')), 'The provider says this key is not valid.')
      assert.match(await page.textContent(at('check-all-next')), /Copy it again/)
      assert.equal(await page.evaluate(() => document.activeElement.id), 'check-all-status')
      await page.click(at('check-all-close'))
      await page.waitForSelector(`[data-key=k5] ${at('check-outcome')}:has-text("Works")`)
    })
  })

  test('where a provider is to be waited for it says for how long, and stopping ends the wait', async () => {
    await onPage({}, async (page) => {
      await screens['check-all-waiting'](page, site.url)
      assert.match(await page.textContent(at('check-all-countdown')), /^On with it in 4\d seconds\.$/)
      assert.match(await page.textContent(at('check-all-status')), /^Waiting: Google Gemini/)
      await page.click(at('check-all-stop'))
      assert.equal(await page.textContent(at('check-all-status')), 'All 4 keys work. 1 key not checked.')
    })
  })
})

/** As the browser does it when somebody pastes there. */
function pasteInto(page, selector, text) {
  return page.evaluate(
    ([selector, text]) => {
      const clipboardData = new DataTransfer()
      clipboardData.setData('text', text)
      const event = new ClipboardEvent('paste', { clipboardData, cancelable: true, bubbles: true })
      document.querySelector(selector).dispatchEvent(event)
    },
    [selector, text],
  )
}

/** Once it does: what was carried into the dialog is put there after the field is. */
async function fieldHolds(page, text) {
  const [selector, within] = [at('key-field'), 10_000]
  await page.waitForFunction(([one, wanted]) => document.querySelector(one)?.value === wanted, [selector, text], {
    timeout: within,
  })
}

async function addPasted(page, selector, text) {
  await screens['add-several'](page, site.url)
  await pasteInto(page, selector, text)
}
