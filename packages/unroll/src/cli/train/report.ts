export async function writeReport(path: string, result: unknown): Promise<void> {}
