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
import { lockSettings } from './components/lock-settings'
import { modelPicker } from './components/model-picker'
import { passkeyDialog } from './components/passkey-dialog'
import { passphraseDialog } from './components/passphrase-dialog'
import { passphraseField } from './components/passphrase-field'
import { playground } from './components/playground'
import { proofDialog } from './components/proof-dialog'
import { recoverCopy } from './components/recover-copy'
import { recoveryDialog } from './components/recovery-dialog'
import { repair } from './components/repair'
import { restoreDialog } from './components/restore-dialog'
import { rootSettings } from './components/root-settings'
import { rotateDialog } from './components/rotate-dialog'
import { safetyNotes } from './components/safety-notes'
import { slotNameDialog } from './components/slot-name-dialog'
import { starting } from './components/starting'
import { theme } from './components/theme'
import { unlockVault } from './components/unlock-vault'
import { waysList } from './components/ways-list'
import { wipeDialog } from './components/wipe-dialog'
import { installSession, session } from './session'
import { watchUse } from './watch'

const components = {
  activity,
  backupDialog,
  backupState,
  confirmDialog,
  createVault,
  keyDialog,
  keyList,
  keyRow,
  lockSettings,
  modelPicker,
  passkeyDialog,
  passphraseDialog,
  passphraseField,
  playground,
  proofDialog,
  recoverCopy,
  recoveryDialog,
  renameDialog,
  repair,
  restoreDialog,
  rootSettings,
  rotateDialog,
  safetyNotes,
  securityDialog,
  slotNameDialog,
  starting,
  theme,
  unlockVault,
  waysList,
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

watchUse()
void session().start()
