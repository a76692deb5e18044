/* Search of the documentation site. MkDocs' own script reads its index with a worker and XMLHttpRequest, which browsers
   refuse to pages of file:// addresses; this one loads both as scripts. */
"use strict";
(function () {
  const field = document.getElementById("mkdocs-search-query");
  if (!field) return;
  const list = document.getElementById("mkdocs-search-results");
  const most = 50;

  function load(name) {
    return new Promise(function (done, failed) {
      const script = document.createElement("script");
      script.src = "search/" + name;
      script.onload = done;
      script.onerror = failed;
      document.body.append(script);
    });
  }

  function built(pages) {
    return lunr(function () {
      this.ref("location");
      this.field("title", { boost: 10 });
      this.field("text");
      pages.forEach((page) => this.add(page));
    });
  }

  function found(index, words) {
    return index.query(function (query) {
      (words.toLowerCase().match(/[\p{L}\p{N}_.]+/gu) || []).forEach((word) => {
        query.term(word, { boost: 10 });
        query.term(word, { usePipeline: false, wildcard: lunr.Query.wildcard.TRAILING });
      });
    });
  }

  function entry(page) {
    const article = document.createElement("article");
    const title = article.appendChild(document.createElement("h3")).appendChild(document.createElement("a"));
    title.href = page.location;
    title.textContent = page.title;
    article.appendChild(document.createElement("p")).textContent = page.text.slice(0, 200);
    return article;
  }

  function show(index, places) {
    const results = field.value.trim() ? found(index, field.value).slice(0, most) : [];
    list.replaceChildren(...results.map((result) => entry(places.get(result.ref))));
    if (!results.length) list.textContent = list.dataset.noResultsText;
  }

  field.value = new URLSearchParams(location.search).get("q") || "";
  load("lunr.js")
    .then(() => load("index.js"))
    .then(function () {
      const index = built(searchPages);
      const places = new Map(searchPages.map((page) => [page.location, page]));
      field.addEventListener("input", () => show(index, places));
      show(index, places);
    });
})();
