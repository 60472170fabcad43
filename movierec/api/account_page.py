"""`/account/`: target page of the links in mails. The token follows `#` and is sent only on a click."""

from __future__ import annotations

from aiohttp import web

from movierec.api.conditional import content_response

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>movierec account</title>
</head>
<body>
<h1>movierec</h1>
<form id="form" hidden>
<p id="what"></p>
<p id="passwords" hidden>
<label>New password <input id="password" type="password" autocomplete="new-password"></label>
<label>Again <input id="again" type="password" autocomplete="new-password"></label>
</p>
<button id="go">Confirm</button>
</form>
<p id="said" role="status">This page needs JavaScript and a link from a mail.</p>
<script src="page.js"></script>
</body>
</html>
"""

SCRIPT = """"use strict";
const acts = {
  verify_email: ["verify_email/", "Confirm your e-mail address."],
  password_reset: ["password_reset/confirm/", "Set a new password."],
  change_email: ["change_email/confirm/", "Confirm your new e-mail address."],
};
const at = (id) => document.getElementById(id);
const [act, token] = location.hash.slice(1).split("=");
if (token && Object.hasOwn(acts, act)) {
  // Keep the token out of the history and of bookmarks.
  history.replaceState(null, "", location.pathname);
  at("what").textContent = acts[act][1];
  at("passwords").hidden = act !== "password_reset";
  at("form").hidden = false;
  at("said").textContent = "";
}
at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { token };
  if (act === "password_reset") {
    body.new_password = at("password").value;
    body.new_password_confirm = at("again").value;
  }
  at("go").disabled = true;
  try {
    const answer = await fetch("../api/v1/auth/" + acts[act][0], {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const said = await answer.json();
    const problems = (said.errors || []).map((problem) => problem.message);
    at("said").textContent = said.message || [said.detail, ...problems].join(" ");
    at("form").hidden = answer.ok;
  } catch {
    at("said").textContent = "The daemon does not answer. Try again.";
  }
  at("go").disabled = false;
});
"""

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def add_routes(app: web.Application) -> None:
    """Serve the page. A GET changes nothing, so a mail scanner that follows links does not consume the token."""

    async def page(_request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
        return web.Response(text=PAGE, content_type="text/html", headers=headers)

    async def script(request: web.Request) -> web.Response:
        headers = {"Cache-Control": "public, max-age=300"}
        return content_response(request, SCRIPT.encode(), "text/javascript", headers)

    app.router.add_get("/account/", page)
    app.router.add_get("/account/page.js", script)
