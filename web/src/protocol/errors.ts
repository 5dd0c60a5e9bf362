// errors: the one list of error codes. Made from wasm/core/base/error.def by scripts/generate-errors.mjs; do not edit.

/** Stable names of what can go wrong; docs/errors.md has a sentence and a next step for each. */
export type ErrorCode =
  | 'ERR_BAD_FORMAT'
  | 'ERR_KDF_BOUNDS'
  | 'ERR_KDF_MEMORY'
  | 'ERR_KDF_LARGE'
  | 'ERR_SWAPPED'
  | 'ERR_STALE_RECORD'
  | 'ERR_ROLLED_BACK'
  | 'ERR_TAMPERED'
  | 'ERR_CANNOT_UNLOCK'
  | 'ERR_UNLOCK_WAIT'
  | 'ERR_SLOT_DAMAGED'
  | 'ERR_RECOVERY_CODE'
  | 'ERR_RECOVERY_TYPED'
  | 'ERR_PASSKEY_PRF'
  | 'ERR_LAST_SLOT'
  | 'ERR_LOCKED'
  | 'ERR_WRONG_STATE'
  | 'ERR_STALE'
  | 'ERR_NOT_FOUND'
  | 'ERR_TOO_MANY'
  | 'ERR_TOO_LARGE'
  | 'ERR_BAD_INPUT'
  | 'ERR_BAD_KEY_TEXT'
  | 'ERR_BAD_PASSPHRASE'
  | 'ERR_BAD_JSON'
  | 'ERR_SELF_TEST'
  | 'ERR_STORAGE'
  | 'ERR_STORAGE_FULL'
  | 'ERR_FILE'
  | 'ERR_VERSION'
  | 'ERR_WORKER'
  | 'ERR_CANCELLED'
  | 'ERR_INTERNAL'
  | 'ERR_NO_KEY'
  | 'ERR_ASK_FIRST'
  | 'ERR_NO_TOKEN'
  | 'ERR_NEEDS_USER'
  | 'ERR_NOT_GRANTED'
  | 'ERR_ACCESS_DENIED'
  | 'ERR_CAP_REACHED'
  | 'ERR_CAP_UNBOUNDED'
  | 'ERR_UNKNOWN_PROVIDER'
  | 'ERR_UNKNOWN_ENDPOINT'
  | 'ERR_PATH_NOT_ALLOWED'
  | 'ERR_ENDPOINT_MISMATCH'
  | 'ERR_BAD_REQUEST'
  | 'ERR_NOT_PERMITTED_BY_SITE'
  | 'ERR_KEY_REFLECTED'
  | 'ERR_BAD_STREAM'
  | 'ERR_LINE_TOO_LONG'
  | 'ERR_BAD_ANSWER'
  | 'ERR_CONNECTION_CUT'
  | 'ERR_TIMEOUT'
  | 'ERR_LOGIN_STATE'
  | 'ERR_QUOTA'
  | 'ERR_PLAN'
  | 'ERR_APP_KEY'
  | 'ERR_LOGIN_REFUSED'
  | 'ERR_BAD_KEY'
  | 'ERR_BAD_KEY_LIKELY'
  | 'ERR_NO_PERMISSION'
  | 'ERR_NO_CREDIT'
  | 'ERR_RATE_LIMITED'
  | 'ERR_MODEL_NOT_FOUND'
  | 'ERR_REGION'
  | 'ERR_BROWSER_FORBIDDEN'
  | 'ERR_PROVIDER_REFUSED'
  | 'ERR_PROVIDER_DOWN'
  | 'ERR_OFFLINE'
  | 'ERR_BLOCKED'
  | 'ERR_NO_CORS'
  | 'ERR_LOCAL_NOT_RUNNING'
  | 'ERR_LOCAL_CORS'
  | 'ERR_LOCAL_PERMISSION'
  | 'ERR_CHECKED_TOO_OFTEN'

/** For a person: what happened, and what to do next. */
export const ERROR_TEXT: Record<ErrorCode, { sentence: string; next: string }> = {
  ERR_BAD_FORMAT: {
    sentence: 'This data is not in a form Keyhold understands.',
    next: 'It may be damaged or made by a newer version. Nothing was changed.',
  },
  ERR_KDF_BOUNDS: {
    sentence: 'The passphrase settings stored with this vault are outside the safe limits.',
    next: "Somebody or something has changed the vault's file. Nothing was changed, and no passphrase was tried with them.",
  },
  ERR_KDF_MEMORY: {
    sentence: 'There was not enough memory to check the passphrase.',
    next: 'Close other tabs or programs and try again.',
  },
  ERR_KDF_LARGE: {
    sentence: 'Opening this file takes an unusual amount of memory.',
    next: 'Open it only if you made it yourself on a strong computer.',
  },
  ERR_SWAPPED: {
    sentence: 'A stored item is not in the place it belongs to.',
    next: 'Somebody or something has moved data inside the vault. The other keys are usable.',
  },
  ERR_STALE_RECORD: {
    sentence: 'A stored item is an older version than the vault expects.',
    next: 'An old copy was put back. The other keys are usable; add this key again.',
  },
  ERR_ROLLED_BACK: {
    sentence: 'An older state of the whole vault was put back.',
    next: 'Keys added or changed since then are missing. The sealed copy beside the vault is later: repair brings it back. If you put the older state back yourself, you can keep it.',
  },
  ERR_TAMPERED: {
    sentence: 'A stored item was altered after Keyhold wrote it.',
    next: 'It was not used. The other keys are usable; add this key again.',
  },
  ERR_CANNOT_UNLOCK: {
    sentence: 'That passphrase does not open this vault.',
    next: 'Check for a typing mistake, the keyboard layout and Caps Lock, then try again.',
  },
  ERR_UNLOCK_WAIT: {
    sentence: 'After several wrong attempts, unlocking waits a while.',
    next: 'Try again when the time shown has passed. Your keys are safe.',
  },
  ERR_SLOT_DAMAGED: {
    sentence: 'This way into the vault was damaged on disk, so nothing can open it.',
    next: 'Unlock in another way (recovery code or passkey), or restore a backup.',
  },
  ERR_RECOVERY_CODE: {
    sentence: 'This recovery code has a typing mistake.',
    next: 'Compare it with your copy, group by group.',
  },
  ERR_RECOVERY_TYPED: {
    sentence: 'These are not the last characters of the recovery code shown.',
    next: 'Look at the copy you made. If you did not keep it, show a new code.',
  },
  ERR_PASSKEY_PRF: {
    sentence: 'This passkey cannot open a vault: it gives no secret of its own.',
    next: 'Use another passkey (this device, a phone or a newer security key), or the passphrase.',
  },
  ERR_LAST_SLOT: {
    sentence: 'This is the last way into the vault that does not depend on a device, so it stays.',
    next: 'Add a passphrase or a recovery code first.',
  },
  ERR_LOCKED: { sentence: 'The vault is locked.', next: 'Unlock it and try again.' },
  ERR_WRONG_STATE: {
    sentence: "That cannot be done in the vault's present state.",
    next: 'Reload the page and try again.',
  },
  ERR_STALE: {
    sentence: 'Another tab changed the vault at the same moment, several times in a row.',
    next: 'Nothing was lost. Try again.',
  },
  ERR_NOT_FOUND: {
    sentence: 'That item is not in the vault.',
    next: 'It may have been deleted in another tab. Reload the list.',
  },
  ERR_TOO_MANY: {
    sentence: 'The vault is full: it holds as many items of this kind as it can.',
    next: 'Delete some that are no longer needed.',
  },
  ERR_TOO_LARGE: { sentence: 'This is larger than Keyhold accepts.', next: 'Send or store something smaller.' },
  ERR_BAD_INPUT: {
    sentence: 'Something in what was entered is not acceptable.',
    next: 'Check the fields and try again.',
  },
  ERR_BAD_KEY_TEXT: {
    sentence: 'This does not look like an API key: it is empty, too long, or has characters no key has.',
    next: "Copy the key again from the provider's page, without spaces or line breaks.",
  },
  ERR_BAD_PASSPHRASE: {
    sentence: 'This passphrase cannot be used.',
    next: 'Use at least 12 characters, or the suggested passphrase.',
  },
  ERR_BAD_JSON: {
    sentence: 'This is not valid JSON, or it has fields that are repeated, unknown or of the wrong kind.',
    next: 'Correct it and try again.',
  },
  ERR_SELF_TEST: {
    sentence: "Keyhold's cryptography did not pass its own test in this browser, so it will not run.",
    next: 'Update the browser, switch off extensions for this page, and reload.',
  },
  ERR_STORAGE: {
    sentence: "The browser could not read or write Keyhold's storage.",
    next: 'Nothing was changed. Leave private browsing, check that the disk is not full, and try again.',
  },
  ERR_STORAGE_FULL: {
    sentence: "The browser has no room left for Keyhold's storage.",
    next: 'Nothing was changed. Free some disk space and try again.',
  },
  ERR_FILE: {
    sentence: 'The file could not be written.',
    next: 'Nothing was changed. Choose a place you may write to, with room left, and try again.',
  },
  ERR_VERSION: { sentence: 'Another tab runs a newer version of Keyhold.', next: 'Reload this page.' },
  ERR_WORKER: {
    sentence: "Keyhold's background part did not start or stopped unexpectedly.",
    next: 'Reload the page. Stored keys are not affected.',
  },
  ERR_CANCELLED: { sentence: 'The operation was cancelled.', next: '' },
  ERR_INTERNAL: {
    sentence: 'Keyhold met a fault of its own and locked the vault to be safe.',
    next: 'Reload the page. Stored keys are not affected.',
  },
  ERR_NO_KEY: { sentence: 'No API key is stored for this provider.', next: 'Add a key for it.' },
  ERR_ASK_FIRST: {
    sentence: "You want to be asked before the app's own key is used for this provider.",
    next: 'Allow it for this call, or add a key of your own.',
  },
  ERR_NO_TOKEN: {
    sentence: 'The app did not say who you are, so its own key cannot be used.',
    next: 'Sign in to the app again, or add a key of your own.',
  },
  ERR_NEEDS_USER: {
    sentence: 'A person has to open Keyhold, or allow this page to use their keys.',
    next: 'The page can ask for it.',
  },
  ERR_NOT_GRANTED: {
    sentence: 'You have allowed this page to use your keys, but not for this provider, model or kind of call.',
    next: 'The page can ask you for it.',
  },
  ERR_ACCESS_DENIED: { sentence: 'You did not allow this page to use your keys.', next: '' },
  ERR_CAP_REACHED: {
    sentence: 'This call could go over the spending cap of its key, so it was not made.',
    next: 'Wait until the cap begins anew, or raise it in the list of keys.',
  },
  ERR_CAP_UNBOUNDED: {
    sentence: 'This key has a spending cap, and nobody can tell beforehand what this call may cost at most.',
    next: 'Send text only, to a model with a known price, and say how long the answer may be (max_tokens); or remove the cap.',
  },
  ERR_UNKNOWN_PROVIDER: {
    sentence: 'Keyhold does not know this provider.',
    next: 'Choose a provider from the list, or add it as an endpoint of your own.',
  },
  ERR_UNKNOWN_ENDPOINT: {
    sentence: 'This address does not belong to any provider Keyhold knows, so no key was sent.',
    next: 'Check the address, or add it as an endpoint of your own.',
  },
  ERR_PATH_NOT_ALLOWED: {
    sentence: 'This address of the provider is not one that Keyhold calls.',
    next: "Use one of the provider's model calls.",
  },
  ERR_ENDPOINT_MISMATCH: {
    sentence: 'This key is sealed to another address, so it was not sent.',
    next: 'Add the key again for the address you want to use.',
  },
  ERR_BAD_REQUEST: { sentence: 'This request cannot be sent as it is.', next: 'Check its method, headers and body.' },
  ERR_NOT_PERMITTED_BY_SITE: {
    sentence: 'This copy of Keyhold is not allowed to call that address.',
    next: 'Whoever runs this site can allow it in keyhold.config.json.',
  },
  ERR_KEY_REFLECTED: {
    sentence: "The provider's answer contained the key itself, so it was stopped.",
    next: 'Do not trust this address. Delete the key and make a new one at the provider.',
  },
  ERR_BAD_STREAM: {
    sentence: "The provider's answer broke off or was not in the form it should have.",
    next: 'Try again.',
  },
  ERR_LINE_TOO_LONG: {
    sentence: "The provider's answer had a line longer than Keyhold accepts.",
    next: 'Try again, or use another model.',
  },
  ERR_BAD_ANSWER: {
    sentence: 'The provider answered with something other than JSON.',
    next: 'Check the address; a proxy or a sign-in page may be answering instead.',
  },
  ERR_CONNECTION_CUT: {
    sentence: 'The connection broke while the answer was arriving.',
    next: 'Check the network and try again.',
  },
  ERR_TIMEOUT: { sentence: 'The provider did not answer in time.', next: 'Try again in a moment.' },
  ERR_LOGIN_STATE: {
    sentence: 'Keyhold is not waiting for this login: it was used already, or is too old.',
    next: 'Start the login again. It has ten minutes, and a lock ends it.',
  },
  ERR_QUOTA: {
    sentence: "Your quota of this app's own key is used up.",
    next: 'Add your own API key for unlimited access, or wait until the quota begins anew.',
  },
  ERR_PLAN: {
    sentence: 'Your plan with this app does not cover this now.',
    next: 'Renew or change the plan, or add an API key of your own.',
  },
  ERR_APP_KEY: {
    sentence: "The app's own key does not work at the moment.",
    next: 'Add an API key of your own, or try again later.',
  },
  ERR_LOGIN_REFUSED: {
    sentence: 'The provider did not accept this login.',
    next: 'Log in again. If that does not help, paste a key instead.',
  },
  ERR_BAD_KEY: {
    sentence: 'The provider says this key is not valid.',
    next: "Copy it again, or make a new key on the provider's page.",
  },
  ERR_BAD_KEY_LIKELY: {
    sentence: 'The provider refused without saying why. With this provider that usually means the key is wrong.',
    next: 'Copy the key again. If you are sure of it, store it unchecked.',
  },
  ERR_NO_PERMISSION: {
    sentence: 'The key is genuine but may not do this.',
    next: "Give it more permissions on the provider's page, or use another key.",
  },
  ERR_NO_CREDIT: {
    sentence: 'The account behind this key has no credit left.',
    next: "Add credit on the provider's billing page.",
  },
  ERR_RATE_LIMITED: { sentence: 'The provider asks to wait: too many requests.', next: 'Wait a little and try again.' },
  ERR_MODEL_NOT_FOUND: {
    sentence: 'The provider does not know this model, or this key may not use it.',
    next: 'Choose another model.',
  },
  ERR_REGION: {
    sentence: 'The provider does not serve this country or organisation.',
    next: "See the provider's list of supported countries.",
  },
  ERR_BROWSER_FORBIDDEN: {
    sentence: 'The key is genuine, but its provider or organisation does not allow calls from a browser.',
    next: "Ask the organisation's administrator to allow browser (CORS) calls, or use another key.",
  },
  ERR_PROVIDER_REFUSED: {
    sentence: 'The provider refused the request.',
    next: 'Check the request and the model, then try again.',
  },
  ERR_PROVIDER_DOWN: {
    sentence: 'The provider has a fault or is overloaded.',
    next: "Try again in a few minutes; the provider's status page may say more.",
  },
  ERR_OFFLINE: { sentence: 'This device is offline.', next: 'Connect to the internet and try again.' },
  ERR_BLOCKED: {
    sentence: 'The provider could not be reached from this browser.',
    next: 'A browser extension, a firewall or the network may be blocking it. Switch blockers off for this page and try again.',
  },
  ERR_NO_CORS: {
    sentence: 'The address answers, but does not allow calls from a browser page.',
    next: "Allow this page's origin in the server's CORS settings.",
  },
  ERR_LOCAL_NOT_RUNNING: {
    sentence: 'No server answers at this address on your computer.',
    next: 'Start it (for example Ollama or LM Studio) and try again.',
  },
  ERR_LOCAL_CORS: {
    sentence: 'A server answers at this address, but it does not allow calls from a browser page.',
    next: "Switch on CORS in LM Studio, or start Ollama with OLLAMA_ORIGINS set to this page's address.",
  },
  ERR_LOCAL_PERMISSION: {
    sentence: 'The browser does not let this page reach servers on this computer or network.',
    next: "Allow it when the browser asks. If it does not ask, open the site's settings beside the address bar and allow local network access; then try again.",
  },
  ERR_CHECKED_TOO_OFTEN: {
    sentence: 'Keys of this provider were checked five times in the last minute.',
    next: 'Wait a minute and try again.',
  },
}
