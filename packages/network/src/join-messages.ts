/** One message as it is, several as a list: how Docker tells of more than one fault. */
export function joinMessages(messages: readonly string[]): string {
  const [only = '', ...others] = messages;
  if (others.length === 0) return only.trim();
  return messages.map((message) => `* ${message.replaceAll('\n', '\n\t')}`).join('\n');
}
