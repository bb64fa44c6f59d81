/** What a `ResetError` says is for people; callers match its code. So nothing but the message is left alone. */
const errorMessages = {
  shouldIgnore({ node, parent, listKey, key }) {
    const isText = node.type === 'StringLiteral' || node.type === 'TemplateLiteral';
    const isMessage = listKey === 'arguments' && key === 1 && parent.type === 'NewExpression';
    if (!isText || !isMessage || parent.callee.name !== 'ResetError') return undefined;
    return 'callers match codes, never messages';
  },
};

export const strykerPlugins = [{ kind: 'Ignore', name: 'error-messages', value: errorMessages }];
