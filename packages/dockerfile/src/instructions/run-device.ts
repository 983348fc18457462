import { SyntaxProblem } from '../errors.ts';
import { suggestion } from '../text/suggestion.ts';
import { booleanField, readFields } from './fields.ts';

/** A CDI device that a RUN asks for. */
export interface RunDevice {
  readonly deviceName: string;
  readonly required: boolean;
}

/** Reads `name[,required]`. Throws `SyntaxProblem` in BuildKit's words. */
export function readRunDevice(text: string): RunDevice {
  let deviceName: string | undefined;
  let required = false;
  for (const { key, value, written } of readFields(text)) {
    if (key === 'required') {
      required = booleanField(key, value);
    } else if (key === 'name' && value !== undefined) {
      if (deviceName !== undefined) throw new SyntaxProblem(`device name already set to ${deviceName}`);
      deviceName = value;
    } else if (deviceName === undefined) {
      deviceName = written;
    } else if (value === undefined) {
      throw new SyntaxProblem(`invalid field '${written}' must be a key=value pair`);
    } else {
      const hint = suggestion(key, ['name', 'required']);
      throw new SyntaxProblem(`unexpected key '${key}' in '${written}'${hint}`);
    }
  }
  if (deviceName === undefined || deviceName === '') throw new SyntaxProblem('a device needs a name');
  return { deviceName, required };
}
