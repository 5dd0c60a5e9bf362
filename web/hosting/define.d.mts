export const wasm: string
export function defined(): Record<string, string>
