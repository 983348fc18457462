export { FakePlugin, type PluginReply } from './fake-plugin.ts';
