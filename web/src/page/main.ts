// main: how does the page start? Names its components to Alpine, then asks the vault how it is.
import Alpine from '@alpinejs/csp'
import { createVault } from './components/create-vault'
import { confirmDialog, renameDialog, securityDialog } from './components/dialogs'
import { keyDialog } from './components/key-dialog'
import { keyList } from './components/key-list'
import { keyRow } from './components/key-row'
import { modelPicker } from './components/model-picker'
import { ownMark } from './components/own-mark'
import { passphraseField } from './components/passphrase-field'
import { playground } from './components/playground'
import { quotaBar } from './components/quota-bar'
import { recoverCopy } from './components/recover-copy'
import { repair } from './components/repair'
import { safetyNotes } from './components/safety-notes'
import { starting } from './components/starting'
import { theme } from './components/theme'
import { unlockVault } from './components/unlock-vault'
import { keepOffline } from './offline'
import { installParts, nameComponents } from './parts'
import { pasteAnywhere } from './paste-anywhere'
import { installSession, session } from './session'
import { watchUse } from './watch'

const components = {
  confirmDialog,
  createVault,
  keyDialog,
  keyList,
  keyRow,
  modelPicker,
  ownMark,
  passphraseField,
  playground,
  quotaBar,
  recoverCopy,
  renameDialog,
  repair,
  safetyNotes,
  securityDialog,
  starting,
  theme,
  unlockVault,
}

installSession()
installParts()
nameComponents(components)
Alpine.start()

addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() !== 'l' || !event.shiftKey || !(event.ctrlKey || event.metaKey)) return
  event.preventDefault()
  void session().lock()
})

addEventListener('paste', (event) => void pasteAnywhere(event))
watchUse()
void session().start().then(keepOffline)
