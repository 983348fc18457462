/**
 * Changes the files that a registry's policy lies in, in a process that kills itself when it passes a fault point the COUNTth time:
 * `node change-until-killed.ts DIRECTORY CHANGE [POINT COUNT [USER]]`. With the point `RECORD` it writes all it passes to `DIRECTORY.passes`. Says
 * `done` when the change is acknowledged.
 */
import path from 'node:path';
import { systemClock } from '@gantry/base';
import { RobotStore } from '../src/access/robots/robot-store.ts';
import { UserFile } from '../src/access/users/user-file.ts';
import { CertificateAuthority } from '../src/certificates/certificate-authority.ts';
import { killAt } from './kill-at.ts';

const [directory = '', change = '', point = '', count = '1', user = 'ada'] = process.argv.slice(2);
killAt(directory, point, Number(count));

const users = new UserFile(path.join(directory, 'users'));
const robots = new RobotStore(path.join(directory, 'robots'), systemClock);
const authority = new CertificateAuthority(path.join(directory, 'ca'), systemClock);
const changes: Record<string, () => unknown> = {
  'add-user': () => users.set(user, 'long enough'),
  'remove-user': () => users.remove(user),
  'add-robot': () => robots.set({ name: 'ci', rights: [{ repositories: ['**'], actions: ['pull'] }] }),
  'remove-robot': () => robots.remove('ci'),
  'create-authority': () => authority.create('Test'),
  'issue-certificate': () => authority.issue({ names: ['registry.test', '127.0.0.1'] }),
};
await changes[change]?.();
process.stdout.write('done\n');
