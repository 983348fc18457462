import type { ImageSearchResponseItem } from '@gantry/api-types';
import { searchImages } from '@gantry/client';
import { truncate } from '@gantry/terminal';
import { registryAuth } from '../../config/registry-auth.ts';
import type { CommandHandler } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { type ListView, printList, type Row } from '../../output/list-output.ts';

const descriptionWidth = 45;

/** `gantry search`: Docker Hub, or the registry that the term begins with. */
export const searchCommand: CommandHandler = async ({ flags, args, config, engine, stdout }) => {
  const [term = ''] = args;
  const found = await searchImages(await engine(), {
    term,
    limit: flags.number('limit'),
    filters: parseFilters(flags.list('filter')),
    registryAuth: registryAuth(config(), term),
  });
  const isFull = flags.boolean('no-trunc');
  const rows = found.map((repository) => searchRow(repository, isFull));
  await printList(stdout, searchView, rows, { format: flags.string('format'), quiet: false });
  return 0;
};

const searchView: ListView = {
  quietField: 'Name',
  typeName: '*registry.searchContext',
  columns: ['Name', 'Description', 'StarCount', 'IsOfficial'],
  headings: {
    Description: 'DESCRIPTION',
    IsOfficial: 'OFFICIAL',
    Name: 'NAME',
    StarCount: 'STARS',
  },
};

function searchRow(repository: ImageSearchResponseItem, isFull: boolean): Row {
  const description = repository.description.replaceAll(/[\r\n]/g, ' ');
  const row = {
    Description: isFull ? description : truncate(description, descriptionWidth),
    IsOfficial: repository.is_official ? '[OK]' : '',
    Name: repository.name,
    StarCount: String(repository.star_count),
  };
  // Docker's JSON has a truth where its table has a mark.
  const toJSON = (): object => ({ ...row, IsOfficial: String(repository.is_official) });
  return Object.defineProperty(row, 'toJSON', { value: toJSON });
}
