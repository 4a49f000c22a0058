"""De-identification of tables and free text: find, hide, weigh what is left."""
