import { silentLogger } from '@gantry/base';
import { snapshotterConformance } from '../../testing/index.ts';
import { openSnapshotter } from '../open-snapshotter.ts';

snapshotterConformance('copy', (root) => openSnapshotter({ root, logger: silentLogger, driver: 'copy' }));
