int project_time(void);
