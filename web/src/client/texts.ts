// texts: what a host page's module says of the errors it can meet. The build puts in the vault's own sentences for those that
// a call can be refused with; others have their code, and here are those that mean something else in a host page.
import { sayErrorsWith, type ErrorTexts } from '../wire/error'

declare const __KEYHOLD_CLIENT_TEXTS__: ErrorTexts | undefined

sayErrorsWith({
  ...(typeof __KEYHOLD_CLIENT_TEXTS__ === 'object' ? __KEYHOLD_CLIENT_TEXTS__ : {}),
  ERR_TIMEOUT: {
    sentence: 'The vault did not answer.',
    next: 'See whether its address is right, and whether its site lets this page embed it.',
  },
  ERR_NOT_PERMITTED_BY_SITE: {
    sentence: 'The vault does not serve this page.',
    next: 'It serves pages with an origin of their own, not frames in frames, and each page once.',
  },
})
