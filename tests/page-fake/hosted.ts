// hosted: the fake engine has no workers to start; its site is served with headers.
export const policyIsInPage = (): boolean => false
export const workersHere = async (): Promise<object> => ({})
