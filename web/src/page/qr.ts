// qr: draws and reads QR codes. Loaded only when a backup is shown as codes or scanned.
export { encodeQR } from 'qr'
export { decodeQR } from 'qr/decode.js'
