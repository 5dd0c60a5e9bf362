// index: `keyhold/element`. Registers <keyhold-button> and <keyhold-vault>, where there are elements at all. Under other names, or
// later: `keyhold/element/classes`.
import { KeyholdButtonElement, KeyholdVaultElement } from './classes'

export * from './classes'

if (typeof customElements !== 'undefined') {
  // Two copies of this module in one page are no reason to fail.
  if (customElements.get('keyhold-button') === undefined) customElements.define('keyhold-button', KeyholdButtonElement)
  if (customElements.get('keyhold-vault') === undefined) customElements.define('keyhold-vault', KeyholdVaultElement)
}
