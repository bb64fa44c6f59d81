import { describe, expect, it } from '@jest/globals';
import { Html, html } from '../../../shared/handlers/html.js';

describe('html', () => {
  it.each([
    ['<script>', '&#60;script&#62;'],
    ['"><img src=x>', '&#34;&#62;&#60;img src=x&#62;'],
    ["' onload='x", '&#39; onload=&#39;x'],
    ['&lt;', '&#38;lt;'],
    ['$0 $1 \\n `', '$0 $1 \\n `'],
  ])('escapes what is put in: %s', (text, escaped) => {
    expect(html`<p title="${text}">${text}</p>`.text).toBe(`<p title="${escaped}">${escaped}</p>`);
  });

  it('takes HTML as it is, one piece or many', () => {
    const items = ['a', '<'].map((text) => html`<i>${text}</i>`);

    expect(html`${items} ${new Html('<hr>')}`.text).toBe('<i>a</i><i>&#60;</i> <hr>');
  });
});
