// Swagger UI over our document. No inline script: the content security policy allows none.
"use strict";

window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null, // never ask a server elsewhere
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
