DROP TABLE account_seal;
