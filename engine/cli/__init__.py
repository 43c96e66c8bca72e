"""The command line: `app` puts the groups of commands together, `options` is what they share, `render` prints."""
