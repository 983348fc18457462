import { judgeByBuildkit } from './as-buildkit/judge.ts';
import { languageCases } from './as-buildkit/language.ts';

judgeByBuildkit('language', languageCases);
