import { silentLogger } from '@gantry/base';
import { parseDigest } from '@gantry/oci';
import { openSnapshotter } from '../src/open-snapshotter.ts';

/* A process of its own that unpacks one layer, to be killed in the middle: <root> <blob> <diff id>. */

const [root = '', blobPath = '', diffId = ''] = process.argv.slice(2);
const snapshots = await openSnapshotter({ root, logger: silentLogger });
await snapshots.unpackLayer({ diffId: parseDigest(diffId), blobPath, compression: 'none' });
