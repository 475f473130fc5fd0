// Where a file beside the notebook is, for this page: JupyterLab and Notebook know its address, in Voila and VS Code it
// lies beside the page, as far as they give it to the page at all.

/** Whether something other than a page is there: its first byte is asked for.
 * @param {string} address
 * @returns {Promise<boolean>}
 */
async function isThere(address) {
  try {
    const answer = await fetch(address, { headers: { Range: "bytes=0-0" }, credentials: "same-origin" });
    answer.body?.cancel();
    return answer.ok && !(answer.headers.get("content-type") ?? "").startsWith("text/html");
  } catch {
    return false;
  }
}

/** The address of a file; null where the page has none, or is not allowed to have the file.
 * @param {import("./face.js").Model} model
 * @param {string} href relative to the notebook
 * @returns {Promise<string | null>}
 */
export async function addressOf(model, href) {
  let address = href;
  try {
    address = (await model.widget_manager?.resolveUrl?.(href)) || href;
  } catch {
    // VS Code's manager has the method, but not what it needs; its page knows the notebook's folder.
  }
  address = new URL(address, document.baseURI).href;
  return /^https?:/.test(address) && (await isThere(address)) ? address : null;
}
