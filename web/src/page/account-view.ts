// account-view: the part of the page about the app whose server the site names. Comes when somebody asks for it.
import { account } from './components/account'
import { receipts } from './components/receipts'

export const components = { account, receipts }
