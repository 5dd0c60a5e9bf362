// snippet: what a page puts into its HTML to embed the vault, with the digest of this build's keyhold.js.

/**
 * The first script is what the browser compares; whatever imports the same address later is given the very module that it let
 * through, or nothing.
 * @param {string} digest of keyhold.js, as an `integrity` attribute has it
 */
export const embedSnippet = (digest) => `\
<!-- Keyhold for your page. https://vault.example.com/ stands for the folder in which the vault is served. -->
<script type="module" crossorigin src="https://vault.example.com/keyhold.js" integrity="${digest}"></script>
<script type="module">
  import { connect } from 'https://vault.example.com/keyhold.js'

  const vault = await connect('https://vault.example.com/')
  // From here on: fetch: vault.fetch, wherever an SDK takes one.
</script>
`
