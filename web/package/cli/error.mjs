// error: what the command says when it does not do what it was asked for.

/**
 * @typedef {'ERR_USAGE'
 *   | 'ERR_NOT_A_KEYHOLD_SITE' the folder has something else in it
 *   | 'ERR_CHANGED_FILES' files of the vault are not as they were put there
 *   | 'ERR_BAD_CONFIG' keyhold.config.json cannot be used
 *   | 'ERR_FILE' a file could not be read or written
 *   | 'ERR_UNREACHABLE' nothing answers at the address
 * } CommandErrorCode
 */
export class CommandError extends Error {
  /**
   * @param {CommandErrorCode} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message)
    this.name = 'CommandError'
    this.code = code
  }
}
