// main: how does the page start? Names every component to Alpine, then asks the vault how it is.
import Alpine from '@alpinejs/csp'
import { activity } from './components/activity'
import { backupDialog } from './components/backup-dialog'
import { backupState } from './components/backup-state'
import { createVault } from './components/create-vault'
import { confirmDialog, renameDialog, securityDialog } from './components/dialogs'
import { keyDialog } from './components/key-dialog'
import { keyList } from './components/key-list'
import { keyRow } from './components/key-row'
import { modelPicker } from './components/model-picker'
import { passphraseField } from './components/passphrase-field'
import { playground } from './components/playground'
import { proofDialog } from './proof'
import { recoverCopy } from './components/recover-copy'
import { repair } from './components/repair'
import { restoreDialog } from './components/restore-dialog'
import { starting } from './components/starting'
import { theme } from './components/theme'
import { unlockVault } from './components/unlock-vault'
import { wipeDialog } from './components/wipe-dialog'
import { installSession, session } from './session'

const components = {
  activity,
  backupDialog,
  backupState,
  confirmDialog,
  createVault,
  keyDialog,
  keyList,
  keyRow,
  modelPicker,
  passphraseField,
  playground,
  proofDialog,
  recoverCopy,
  renameDialog,
  repair,
  restoreDialog,
  securityDialog,
  starting,
  theme,
  unlockVault,
  wipeDialog,
}

installSession()
for (const [name, make] of Object.entries(components)) Alpine.data(name, make as () => object)
Alpine.start()

addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() !== 'l' || !event.shiftKey || !(event.ctrlKey || event.metaKey)) return
  event.preventDefault()
  void session().lock()
})

void session().start()
