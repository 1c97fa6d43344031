# Weighted least squares, fixed effects, contrasts and joint tests by clubSandwich.
#
#   Rscript cluster_robust.R      (in this folder; writes cluster_robust.json)
#
# The data are ../data/star_k.csv and ../data/star_k10.csv; what is made from them (a class, a
# weight, a rare covariate) is written with every formula below, and the test makes it again.
# clubSandwich's defaults: with weights the target (working model) is still equal, independent
# errors, and inverse_var is FALSE.

suppressMessages(library(clubSandwich))
library(jsonlite)

kinds <- c("CR0", "CR1", "CR1S", "CR2", "CR3")
here <- function(name) read.csv(file.path("..", "data", name), na.strings = c("", "NA"))

star10 <- here("star_k10.csv")
star10 <- star10[!is.na(star10$mathk) & !is.na(star10$lunchk), ]
star10$free <- as.numeric(star10$lunchk == "free")
star10$w <- 1 + star10$row %% 5
star10$sf <- factor(star10$schoolidk)
star10$lone <- ifelse(star10$schoolidk == 3, star10$experiencek, 0) # varies in one school only
star10$few <- as.numeric(star10$schoolidk %in% c(1, 2))             # 2 schools against 8
star10$class <- paste(star10$schoolidk, star10$stark, star10$experiencek)
star10$boy <- as.numeric(star10$gender == "male")

star <- here("star_k.csv")
star <- star[!is.na(star$mathk) & !is.na(star$experiencek) & !is.na(star$degreek), ]
star$arm <- relevel(factor(star$stark), "regular")
star$place <- factor(star$schoolk, c("rural", "inner-city", "suburban", "urban"))
star$sf <- factor(star$schoolidk)
star$class <- paste(star$schoolidk, star$stark, star$experiencek)
star$w <- 1 + star$row %% 5
star$boy <- as.numeric(star$gender == "male")

terms_of <- function(fit, V, terms) {
  t <- coef_test(fit, V, test = "Satterthwaite")
  ci <- conf_int(fit, V, test = "Satterthwaite", level = 0.9)
  keep <- match(terms, names(coef(fit)))
  setNames(lapply(keep, function(i) list(
    estimate = t$beta[i], se = t$SE[i], df = t$df_Satt[i], p = t$p_Satt[i],
    ci90 = c(ci$CI_L[i], ci$CI_U[i]))), terms)
}

joint_of <- function(fit, V, terms) {
  at <- match(terms, names(coef(fit)))
  w <- Wald_test(fit, constrain_zero(at), V, test = "HTZ")
  list(terms = terms, F = w$Fstat, df_num = w$df_num, df_denom = w$df_denom, p = w$p_val)
}

case <- function(fit, cluster, terms = names(coef(fit)), joint = NULL, types = kinds) {
  made <- list()
  for (type in types) {
    V <- vcovCR(fit, cluster = cluster, type = type)
    made[[type]] <- list(terms = terms_of(fit, V, terms),
                         vcov = unname(as.matrix(V)[terms, terms, drop = FALSE]))
    if (!is.null(joint)) made[[type]]$joint <- lapply(joint, function(j) joint_of(fit, V, j))
  }
  list(n = nobs(fit), n_clusters = length(unique(cluster)), kinds = made)
}

contrasts_of <- function(fit, cluster, rows, names, type) {
  # rows: matrix of contrasts, one a row, in the order of coef(fit). Each is a Wald test of one row
  # (F = t^2, df_denom = df), since linear_contrast of 0.5.8 stops with an error under CR0 and with
  # weights; where it answers, its numbers stand under "linear_contrast"
  V <- vcovCR(fit, cluster = cluster, type = type)
  se <- sqrt(diag(rows %*% as.matrix(V) %*% t(rows)))
  one <- lapply(seq_len(nrow(rows)), function(i) {
    test <- Wald_test(fit, rows[i, , drop = FALSE], V, test = "HTZ")
    estimate <- sum(rows[i, ] * coef(fit))
    list(name = names[i], estimate = estimate, se = se[[i]], F = test$Fstat, df = test$df_denom,
         p = test$p_val, ci90 = estimate + c(-1, 1) * qt(0.95, test$df_denom) * se[[i]])
  })
  w <- Wald_test(fit, rows, V, test = "HTZ")
  list(single = one, joint = list(F = w$Fstat, df_num = w$df_num, df_denom = w$df_denom,
                                  p = w$p_val))
}

out <- list(about = list(R = paste(R.version$major, R.version$minor, sep = "."),
                         clubSandwich = as.character(packageVersion("clubSandwich"))))

out$weighted <- case(lm(mathk ~ small + free, star10, weights = w), star10$schoolidk,
                     joint = list(c("small", "free")))
out$weighted_classes <- case(
  lm(mathk ~ arm + boy, star, weights = w), star$class,
  joint = list(c("armregular+aide", "armsmall"), c("armregular+aide", "armsmall", "boy")),
  types = c("CR0", "CR2", "CR3"))
out$weighted_dummies <- case(lm(mathk ~ small + free + sf, star10, weights = w),
                             star10$class, c("small", "free"),
                             joint = list(c("small", "free")), types = c("CR0", "CR1S", "CR2"))
# classes within schools, the schools as fixed effects
out$nested_effects <- case(lm(mathk ~ small + free + sf, star10), star10$class,
                           c("small", "free"), joint = list(c("small", "free")))
# fixed effects that cross the clusters
out$crossed_effects <- case(lm(mathk ~ small + experiencek + lunchk + gender, star10),
                            star10$schoolidk, c("small", "experiencek"),
                            joint = list(c("small", "experiencek")))
# fixed effects within the clusters (classes within schools), the schools as clusters
out$inner_effects <- case(lm(mathk ~ free + boy + factor(class), star10), star10$schoolidk,
                          c("free", "boy"), joint = list(c("free", "boy")),
                          types = c("CR0", "CR1", "CR1S", "CR2"))
# a term that varies in one cluster only: I - H of that cluster is singular
out$lone_term <- case(lm(mathk ~ small + lone, star10), star10$schoolidk,
                      types = c("CR0", "CR2"))
out$two_against_eight <- case(lm(mathk ~ few + free, star10), star10$schoolidk,
                              joint = list(c("few", "free")))
out$no_intercept <- case(lm(mathk ~ 0 + arm + boy, star), star$schoolidk,
                         types = c("CR0", "CR2", "CR3"))
# constant within clusters
out$places <- case(lm(mathk ~ place + small, star), star$schoolidk,
                   joint = list(c("placeinner-city", "placesuburban", "placeurban")))

fit <- lm(mathk ~ arm + boy, star)
rows <- rbind(c(0, -1, 1, 0), c(0, 0.5, 0.5, 0))
colnames(rows) <- names(coef(fit))
for (type in c("CR0", "CR2", "CR3"))
  out$contrasts[[type]] <- contrasts_of(fit, star$schoolidk, rows, c("small - aide", "mean"), type)
lc <- linear_contrast(fit, vcovCR(fit, cluster = star$schoolidk, type = "CR2"), contrasts = rows,
                      level = 0.9, p_values = TRUE)
out$linear_contrast <- lapply(seq_len(nrow(rows)), function(i) list(
  estimate = lc$Est[i], se = lc$SE[i], df = lc$df[i], ci90 = c(lc$CI_L[i], lc$CI_U[i]),
  p = lc$p_val[i]))
fit <- lm(mathk ~ arm + boy, star, weights = w)
for (type in c("CR0", "CR2", "CR3"))
  out$weighted_contrasts[[type]] <-
    contrasts_of(fit, star$schoolidk, rows, c("small - aide", "mean"), type)

writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "cluster_robust.json")
