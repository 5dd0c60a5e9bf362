// error: the errors of the wire, with the sentence of every code.
import { ERROR_TEXT } from '../protocol/errors'
import { sayErrorsWith } from '../wire/error'

sayErrorsWith(ERROR_TEXT)

export { asKeyholdError, KeyholdError } from '../wire/error'
