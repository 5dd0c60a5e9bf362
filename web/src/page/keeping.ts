// keeping: the components that keep a vault: its ways in, its locks, its backup, its record and its end; and logins. See parts.
import { activity } from './components/activity'
import { autoSave } from './components/auto-save'
import { backupDialog } from './components/backup-dialog'
import { backupState } from './components/backup-state'
import { checkAll } from './components/check-all'
import { consentDialog } from './components/consent-dialog'
import { lockSettings } from './components/lock-settings'
import { loginStep } from './components/login-step'
import { lostLogin } from './components/lost-login'
import { pagesList } from './components/pages-list'
import { passkeyDialog } from './components/passkey-dialog'
import { passphraseDialog } from './components/passphrase-dialog'
import { proofDialog } from './components/proof-dialog'
import { recoveryDialog } from './components/recovery-dialog'
import { restoreDialog } from './components/restore-dialog'
import { rootSettings } from './components/root-settings'
import { rotateDialog } from './components/rotate-dialog'
import { slotNameDialog } from './components/slot-name-dialog'
import { waysList } from './components/ways-list'
import { wipeDialog } from './components/wipe-dialog'

export const components = {
  activity,
  autoSave,
  backupDialog,
  backupState,
  checkAll,
  consentDialog,
  lockSettings,
  loginStep,
  lostLogin,
  pagesList,
  passkeyDialog,
  passphraseDialog,
  proofDialog,
  recoveryDialog,
  restoreDialog,
  rootSettings,
  rotateDialog,
  slotNameDialog,
  waysList,
  wipeDialog,
}
