import { instructionCases } from './as-buildkit/instructions.ts';
import { judgeByBuildkit } from './as-buildkit/judge.ts';

judgeByBuildkit('instructions', instructionCases);
