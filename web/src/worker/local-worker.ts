// local-worker: asks one address of this computer or its network for nothing in particular, so that the browser asks the
// person whether this page may reach it. Carries no key. The vault worker cannot do it: a browser asks only for a worker of
// one page (measured in Chromium 156 and Firefox 153).
const send = fetch.bind(globalThis)

addEventListener('message', async ({ data }: MessageEvent<string>) => {
  const outcome = await send(data, {
    mode: 'no-cors',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    cache: 'no-store',
  }).then(
    () => true,
    () => false,
  )
  postMessage(outcome)
})
