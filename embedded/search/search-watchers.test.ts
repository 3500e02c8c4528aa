import fc from "fast-check";
import { expect, test } from "vitest";

import { makeSearchDocument, matchesSearch } from "./search-document.ts";
import { SearchWatchers } from "./search-watchers.ts";
import { queryTerms } from "./tokenizer.ts";

const text = fc
  .array(fc.constantFrom("a", "ab", "abc", "b", "ba", "bab"), { minLength: 1, maxLength: 3 })
  .map((words) => words.join(" "));
const kind = fc.constantFrom("x", "y");
const conditions = fc.tuple(text, fc.option(kind)).map(([query, filter]) => ({
  terms: queryTerms(query),
  filters: new Map(filter === null ? [] : [["kind", filter]]),
}));

test("a document finds the searches that it matches one by one", () => {
  fc.assert(
    fc.property(fc.array(conditions), fc.nat(), text, kind, (all, removed, content, itsKind) => {
      const watchers = new SearchWatchers<number>();
      const handles = all.map((condition, owner) => watchers.add(condition, owner));
      const gone = handles[removed % Math.max(1, handles.length)];
      if (gone !== undefined) {
        watchers.remove(gone);
        watchers.remove(gone);
      }
      const document = makeSearchDocument("id", 0, content, new Map([["kind", itsKind]]));
      const left = handles.filter((handle) => handle !== gone);
      expect(watchers.size).toBe(left.length);
      const found = new Set<number>();
      watchers.forEachMatching(document, (owner) => found.add(owner));
      const expected = left.filter(({ condition }) => matchesSearch(condition, document));
      expect([...found].sort()).toEqual(expected.map((handle) => handles.indexOf(handle)).sort());
    }),
  );
});
